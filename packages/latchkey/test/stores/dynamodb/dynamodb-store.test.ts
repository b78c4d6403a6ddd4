import { describe } from 'vitest';
import { isSelected } from '../../servers/selected.ts';
import { callTests } from './calls.ts';
import { clockTests } from './clocks.ts';
import { partTests } from './parts.ts';
import { processTests } from './processes.ts';
import { errorTests, refusalTests } from './refusals.ts';
import { useDynamodb } from './rig.ts';
import { transactionTests } from './transactions.ts';
import { timeToLiveTests } from './ttl.ts';

describe.runIf(isSelected('dynamodb'))('DynamoDB', () => {
  const rig = useDynamodb();
  callTests(rig);
  partTests(rig);
  timeToLiveTests(rig);
  transactionTests(rig);
  refusalTests(rig);
  errorTests();
  clockTests(rig);
  processTests(rig);
});
