import type { FastifyRequest } from 'fastify';
import type { ActionTokens, Identity } from '../access/identify.js';

/** For whom a page is drawn. Every page and every link of it takes this. */
export interface Viewer {
  /** Prefix of every path: `/ops/walmq`, or '' at the root. */
  readonly basePath: string;
  readonly identity: Identity;
  /** Sent with every action of the page. */
  readonly token: string;
}

/** The viewer of a request that the guard has admitted. */
export function viewerOf(request: FastifyRequest, tokens: ActionTokens): Viewer {
  const identity = request.identity as Identity;
  return { basePath: request.basePath, identity, token: tokens.of(identity) };
}
