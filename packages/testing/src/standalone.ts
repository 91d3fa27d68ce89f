// What a program outside of a test may import: nothing here needs vitest.
export { type Network, startNetwork } from './network.js';
export { type Pair, promote, slotSynced, startPair } from './postgres/standby-pair.js';
export { RedisCluster } from './redis/redis-cluster.js';
export { SentinelSet } from './redis/sentinel-set.js';
