import { fileURLToPath } from 'node:url';

/** Where the peers' packages and programs are installed. */
export const PEERS_FOLDER = fileURLToPath(new URL('../../../../.cache/bench-peers', import.meta.url));
