import { startRedisCluster } from '../../servers/redis-cluster.ts';
import { isSelected } from '../../servers/selected.ts';
import { clusterClients, olderClusterClients } from './clients.ts';
import { suitesOn } from './suites.ts';

if (isSelected('redis'))
  suitesOn('a cluster of three masters', startRedisCluster, { ...clusterClients, ...olderClusterClients });
