import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PROVIDERS, type ProviderFacts, providerOf } from './provider.js';

const NONE: ProviderFacts = { roles: [], settings: [], functions: [], schemas: [] };

describe('providerOf', () => {
  it.each<[string, Partial<ProviderFacts>, string]>([
    ['nothing', {}, 'own'],
    ['a role of RDS', { roles: ['rds_replication'] }, 'rds'],
    ['all of Aurora', { roles: ['rds_superuser'], functions: ['aurora_version'] }, 'aurora'],
    ['a flag of Cloud SQL', { settings: ['cloudsql.logical_decoding'] }, 'cloud-sql'],
    ['a role of AlloyDB', { roles: ['alloydbsuperuser'] }, 'alloydb'],
    ['a role of Azure', { roles: ['azure_pg_admin'] }, 'azure'],
    ['a role of Supabase', { roles: ['supabase_admin'] }, 'supabase'],
    ['a role of Neon', { roles: ['neon_superuser'] }, 'neon'],
    ['the schema of Heroku', { schemas: ['heroku_ext'] }, 'heroku'],
    [
      'roles that a dump of RDS has left on Cloud SQL',
      { roles: ['rds_superuser', 'cloudsqlsuperuser'], settings: ['cloudsql.logical_decoding'] },
      'cloud-sql',
    ],
  ])('knows %s', (_, facts, id) => {
    expect(providerOf({ ...NONE, ...facts }).id).toBe(id);
  });

  it.each(PROVIDERS.filter(({ id }) => id !== 'own'))(
    '$id: no step needs a superuser, and each names a page that exists',
    provider => {
      const steps = [
        provider.enableLogical,
        provider.grantReplication('app'),
        provider.setParameter({ name: 'max_wal_senders', value: '10', restart: true }),
      ];
      for (const step of steps) {
        expect(step).not.toContain('ALTER SYSTEM');
        expect(step).toContain(provider.page as string);
      }
      expect(existsSync(fileURLToPath(new URL(`../../../../${provider.page}`, import.meta.url)))).toBe(true);
    },
  );
});
