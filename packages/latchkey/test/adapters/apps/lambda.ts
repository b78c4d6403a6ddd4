import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { idempotency, type LambdaEvent, type LambdaResult } from '../../../src/adapters/lambda.ts';
import type { TransactionKind } from '../../../src/core/store.ts';
import type { AppSetup, RunningApp, SuiteReply } from '../../../src/testing/index.ts';
import { eventOf, respond, type Sender } from './lambda-events.ts';
import { answerLate, headerOf } from './node.ts';
import { grouped, isStream, listen, tenantOf } from './server.ts';
import type { Start } from './suites.ts';

/** A header of an event, whatever its spelling; repeated ones are joined. */
function headerIn({ headers, multiValueHeaders }: LambdaEvent, name: string): string | undefined {
  const found = Object.entries({ ...headers, ...multiValueHeaders }).find(([other]) => other.toLowerCase() === name);
  return found === undefined ? undefined : [found[1] ?? []].flat().join(', ');
}

/** A whole answer in the form that the sender takes, as a handler would write it. */
async function resultOf(reply: SuiteReply, sender: Sender): Promise<LambdaResult> {
  if ('finished' in reply) return reply.finished as LambdaResult;
  const { status = 200, headers = [], body = '' } = reply;
  const bytes = isStream(body) ? await buffer(Readable.from(body)) : Buffer.from(body);
  const isText = typeof body === 'string';
  const lists = grouped(headers).map(([name, value]): [string, string[]] => [name, [value].flat()]);
  const single = lists.map(([name, values]) => [name, values.join(', ')]);
  return {
    statusCode: status,
    ...(sender === 'rest-api' || sender === 'load-balancer-lists'
      ? { multiValueHeaders: Object.fromEntries(lists) }
      : { headers: Object.fromEntries(single) }),
    body: bytes.toString(isText ? 'utf8' : 'base64'),
    isBase64Encoded: !isText,
  };
}

/** The second argument of a function whose timeout is fifteen minutes. */
export function invocation(remainingMs = 900_000): { getRemainingTimeInMillis(): number } {
  const endsAt = performance.now() + remainingMs;
  return { getRemainingTimeInMillis: () => endsAt - performance.now() };
}

/** Events and results reach and leave a function as JSON. */
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A function behind a server that passes requests on as the sender does. */
export function startLambda(sender: Sender): Start {
  return <Kind extends TransactionKind>(setup: AppSetup<Kind>): Promise<RunningApp> => {
    const guard = idempotency<Kind>({
      ...setup.options,
      principal: (event) => tenantOf(headerIn(event, 'x-tenant')),
    });
    const handler = guard(async (event) => {
      const { body, isBase64Encoded, requestContext, httpMethod } = event;
      const request = {
        method: requestContext.http?.method ?? httpMethod ?? '',
        body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString(),
        context: guard.tryContext(event),
        header: (name: string) => headerIn(event, name),
      };
      return resultOf(await setup.handler(request), sender);
    });
    const server = createServer(async (request, response) => {
      const { refuse, late, headers } = setup.outer(headerOf(request));
      if (refuse !== undefined) {
        response.writeHead(refuse).end();
        return;
      }
      void late?.then((status) => answerLate(response, status));
      const event = throughJson(await eventOf(request, sender));
      const result = await handler(event, invocation());
      if (!response.headersSent) respond(response, throughJson(result), sender, grouped(headers));
    });
    return listen(server);
  };
}
