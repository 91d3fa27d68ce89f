import { errorSection } from '../entry.js';

export const dashboardErrors = errorSection({
  DASHBOARD_EXPOSED: {
    meaning: 'Other machines can reach the dashboard, and nobody has to sign in.',
    remedy:
      'Set `WALMQ_DASHBOARD_USERS_FILE`, let a proxy sign users in, or stay on 127.0.0.1: [dashboard](../guides/dashboard.md).',
    from: ['dashboard'],
    outcome: 'ends',
  },
  DASHBOARD_PROXY_UNKNOWN: {
    meaning: '`WALMQ_DASHBOARD_PROXY_USER_HEADER` is set, but no proxy is trusted to send it.',
    remedy: "Set `WALMQ_DASHBOARD_PROXIES` to the proxy's address.",
    from: ['dashboard'],
    outcome: 'ends',
  },
  DASHBOARD_USERS_UNREADABLE: {
    meaning: 'The file of `WALMQ_DASHBOARD_USERS_FILE` cannot be read.',
    remedy: 'Give the path of a file that the dashboard may read.',
    from: ['dashboard'],
    outcome: 'ends',
  },
  DASHBOARD_USERS_INVALID: {
    meaning:
      'The list of users is empty, one of its lines is malformed, or a user to add has no valid name, role or password.',
    remedy: 'Write the lines with `npx walmq dashboard user <name> <role>`.',
    from: ['dashboard'],
    outcome: 'ends',
  },
  ACTION_REFUSED: {
    meaning: 'An action in Bull Board would break the order of a row, so the dashboard rejects it.',
    remedy: 'Use the action that the message names: [what each does to order](../guides/order.md).',
    from: ['dashboard'],
    outcome: 'refused',
  },
});
