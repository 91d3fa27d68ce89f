import { didYouMean, withoutStop } from '@walmq/change';
import { z } from 'zod';
import type { Mistake } from './mistakes.js';

type Issue = z.core.$ZodIssue;

/** Converts issues of a schema to mistakes, one per field. Suggests the correct name of a misspelt field. */
export function explainIssues(schema: z.core.$ZodType, issues: readonly Issue[]): Mistake[] {
  return issues.flatMap(issue => explain(schema, issue));
}

function explain(schema: z.core.$ZodType, issue: Issue): Mistake[] {
  const { path, message } = issue;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schemasAt(schema, path));
      return issue.keys.map(key => ({
        path: [...path, key],
        message: withoutStop(`is no field of the configuration.${didYouMean(key, known)}`),
      }));
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, message }));
    case 'invalid_union': {
      // Explain the one form of the union that the value has. The other forms fail by the type of the whole value.
      const tried = issue.errors.filter(branch => !branch.some(isOtherKind));
      const [branch] = tried;
      if (message !== 'Invalid input' || tried.length !== 1 || !branch) return [{ path, message }];
      return explainIssues(
        schema,
        branch.map(inner => ({ ...inner, path: [...path, ...inner.path] })),
      );
    }
    default:
      return [{ path, message }];
  }
}

function isOtherKind({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function knownKeys(schemas: readonly z.core.$ZodType[]): string[] {
  return schemas.flatMap(schema => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
}

/** The schemas that may have checked the value at the path. */
function schemasAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType[] {
  return path.reduce<z.core.$ZodType[]>(
    (schemas, step) => schemas.flatMap(each => memberOf(each, step)).flatMap(bare),
    bare(schema),
  );
}

function memberOf(schema: z.core.$ZodType, step: PropertyKey): z.core.$ZodType[] {
  if (schema instanceof z.ZodObject)
    return [schema.shape[String(step)]].filter(member => member !== undefined);
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  if (schema instanceof z.ZodArray) return [schema.element];
  return [];
}

/** Unwraps optional fields, defaults and pipes. Returns every option of a union. */
function bare(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return bare(schema.unwrap());
  if (schema instanceof z.ZodPipe) return bare(schema.in);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap(bare);
  return [schema];
}
