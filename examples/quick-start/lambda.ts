import { idempotency, type LambdaEvent, type LambdaInvocation } from 'latchkey/lambda';
import { storeFromUrl } from 'latchkey/store-from-url';
import { accountOf } from './accounts.ts'; // your own authentication

const guard = idempotency({
  store: await storeFromUrl(process.env.STORE_URL ?? 'dynamodb://eu-central-1/records'),
  principal: (event) => accountOf(event.headers?.authorization), // the id of an account or a tenant
});

const charge = guard(async (event) => {
  const { amount } = JSON.parse(event.body ?? '');
  return { statusCode: 200, body: JSON.stringify({ amount, status: 'succeeded' }) };
});

export const handler = (event: LambdaEvent, invocation: LambdaInvocation) =>
  accountOf(event.headers?.authorization) ? charge(event, invocation) : { statusCode: 401 };
