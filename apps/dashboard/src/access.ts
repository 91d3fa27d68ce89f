import { WalmqError } from '@walmq/change';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** Throws DASHBOARD_EXPOSED for an address that others can reach, unless the operator has said that it may be. */
export function checkAccess(host: string, allowRemote: boolean): void {
  if (allowRemote || LOOPBACK.test(host)) return;
  throw new WalmqError('DASHBOARD_EXPOSED', `WALMQ_HOST is ${host}, which other machines can reach.`, {
    remedy:
      'Bull Board has no sign-in and can change and delete jobs: keep it on 127.0.0.1, or put a proxy with ' +
      'a sign-in before it and set WALMQ_DASHBOARD_ALLOW_REMOTE=yes.',
  });
}
