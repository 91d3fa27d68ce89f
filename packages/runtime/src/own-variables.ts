/** What a validator answers: a value, or what is wrong. */
export type Validated<Value> =
  | { readonly value: Value; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/**
 * A validator with the interface of https://standardschema.dev: of zod (4, and 3 since 3.24), valibot or ArkType, in whichever
 * version the application has.
 */
export interface VariableSchema<Value = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<Value> | Promise<Validated<Value>>;
    readonly types?: { readonly input: unknown; readonly output: Value } | undefined;
  };
}

/** Environment variables of a single app, by name. */
export type OwnVariables = Readonly<Record<string, VariableSchema>>;

/** The validated values of an app's own variables. */
export type ValuesOf<Own extends OwnVariables> = {
  readonly [Name in keyof Own]: NonNullable<Own[Name]['~standard']['types']>['output'];
};

/** The values of the app's own variables, and a sentence for each mistake. */
export function readOwnVariables<Own extends OwnVariables>(
  own: Own,
  env: Readonly<Record<string, string | undefined>>,
): { readonly values: ValuesOf<Own>; readonly mistakes: readonly string[] } {
  const mistakes: string[] = [];
  const values = Object.entries(own).map(([name, schema]) => {
    const verdict = schema['~standard'].validate(env[name]);
    if (verdict instanceof Promise) {
      mistakes.push(`${name} has a validator that answers later: variables are read at once.`);
      return [name, undefined];
    }
    for (const { message } of verdict.issues ?? []) mistakes.push(`${name} ${message}.`);
    return [name, verdict.issues ? undefined : verdict.value];
  });
  return { values: Object.fromEntries(values) as ValuesOf<Own>, mistakes };
}
