/** The forty lines that many projects write: SET NX as a lock, then the answer in its place. For comparison. */

import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Redis } from 'ioredis';

const pending = 'pending';

export function setNx(redis: Redis, ttlSeconds: number): RequestHandler {
  return async (request: Request, response: Response, next: NextFunction) => {
    const key = request.get('idempotency-key');
    if (key === undefined) return next();
    const name = `idempotency:${key}`;
    const claimed = await redis.set(name, pending, 'EX', ttlSeconds, 'NX');
    if (claimed === null) return answerAgain(redis, name, response);
    const end = response.end.bind(response) as (body?: unknown) => Response;
    response.end = (body?: unknown) => {
      const saved = { status: response.statusCode, type: response.get('content-type'), body: String(body ?? '') };
      redis.set(name, JSON.stringify(saved), 'EX', ttlSeconds).then(
        () => end(body),
        () => end(body),
      );
      return response;
    };
    next();
  };
}

async function answerAgain(redis: Redis, name: string, response: Response): Promise<void> {
  const saved = await redis.get(name);
  if (saved === null || saved === pending) {
    response.status(409).json({ error: 'in progress' });
    return;
  }
  const { status, type, body } = JSON.parse(saved);
  response.status(status);
  if (type !== undefined) response.type(type);
  response.send(body);
}
