/** tsconfig.json of a project that has none. Nothing is compiled: walmq loads TypeScript files itself. */
export const TSCONFIG_FILE = `{
  "compilerOptions": {
    "module": "nodenext",
    "target": "es2023",
    "strict": true,
    "skipLibCheck": true,
    "noEmit": true,
    "types": ["node"]
  },
  "include": ["src", "walmq.config.ts"]
}
`;

/** Variables of .env.example, each with its comment. The values fit the compose file. */
export const VARIABLES: readonly { readonly name: string; readonly about: string; readonly value: string }[] =
  [
    {
      name: 'DATABASE_URL',
      about:
        'The database whose changes walmq reads. It needs wal_level=logical, and the role needs REPLICATION.',
      value: 'postgres://postgres:postgres@localhost:5432/postgres',
    },
    {
      name: 'REDIS_URL',
      about: 'The Redis or Valkey that holds the queues.',
      value: 'redis://localhost:6379',
    },
  ];

const IGNORED = ['node_modules/', '.env', '.walmq/'];

/** .env.example with the variables that it lacks. */
export function withVariables(text: string | undefined): string {
  const missing = VARIABLES.filter(
    ({ name }) => !new RegExp(`^#?\\s*(?:export )?${name}=`, 'm').test(text ?? ''),
  );
  return appended(
    text,
    missing.flatMap(({ name, about, value }) => [`# ${about}`, `${name}=${value}`]),
  );
}

/** .gitignore with the lines that it lacks. */
export function withIgnored(text: string | undefined): string {
  const bare = (line: string) => line.trim().replaceAll(/^\/|\/$/g, '');
  const present = new Set((text ?? '').split('\n').map(bare));
  return appended(
    text,
    IGNORED.filter(line => !present.has(bare(line))),
  );
}

function appended(text: string | undefined, lines: readonly string[]): string {
  if (lines.length === 0) return text ?? '';
  const before = text ?? '';
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${gap}${lines.join('\n')}\n`;
}
