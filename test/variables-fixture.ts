import { ENVIRONMENT_VARIABLES } from '@walmq/runtime';

/** Variables that one app alone reads. */
export const OWN_VARIABLES = [
  'WALMQ_DASHBOARD_USERS',
  'WALMQ_DASHBOARD_USERS_FILE',
  'WALMQ_DISCARDED',
  'WALMQ_MAIL_FROM',
  'WALMQ_INVENTORY_TEAM',
] as const;

/** Every variable that some app reads. */
export const KNOWN_VARIABLES: readonly string[] = [...ENVIRONMENT_VARIABLES, ...OWN_VARIABLES];
