/**
 * What the decorators say about a handler.
 *
 * @module
 */

import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { TransactionKind } from '../../core/store.ts';
import type { HttpLayer } from '../../http/layer.ts';
import { type NestRouteOptions, separateOptions } from './options.ts';
import type { NestRequest } from './request.ts';

/** The key of the metadata of `@Idempotent()`, or false of `@SkipIdempotency()`. */
export const routeMetadata = 'latchkey:route';

/** How Nest handles what a handler returns. */
export interface HandlerKind {
  /** Its events are sent as they come. */
  readonly isStream: boolean;
  /** It writes the answer itself (`@Res()` without `passthrough`, or `@Next()`): Nest doesn't. */
  readonly answersItself: boolean;
  /** The names of the headers of `@Header()`, in lower case. Nest sets them before the guard is entered. */
  readonly headers: readonly string[];
}

/** A handler and its settings. */
export interface NestRoute<Kind extends TransactionKind> extends HandlerKind {
  /** Undefined if the guard leaves it alone. */
  readonly layer: HttpLayer<NestRequest, Kind> | undefined;
  /** The argument of a mutation that has the key. */
  readonly keyArgument: string | undefined;
}

type Target = ReturnType<ExecutionContext['getHandler']> | ReturnType<ExecutionContext['getClass']>;
type Declared = NestRouteOptions<NestRequest> | false | undefined;

/** Nest's own keys, and the parameter types of `@Res()` and `@Next()`. */
const sseMetadata = '__sse__';
const headersMetadata = '__headers__';
const argumentsMetadata = '__routeArguments__';
const passthroughMetadata = '__responsePassthrough__';
const ownResponse = /^[12]:/;

const reflector = new Reflector();

/** Nest loads `reflect-metadata`, which adds this function. */
function metadataOf(key: string, controller: object, name: string): unknown {
  const { getMetadata } = Reflect as typeof Reflect & {
    getMetadata(key: string, target: object, name: string): unknown;
  };
  return getMetadata(key, controller, name);
}

function kindOf(controller: object, handler: Target): HandlerKind {
  const { name } = handler;
  const taken = Object.keys(Object(metadataOf(argumentsMetadata, controller, name)));
  const headers = reflector.get<readonly { readonly name: string }[] | undefined>(headersMetadata, handler) ?? [];
  const hasPassthrough = metadataOf(passthroughMetadata, controller, name) === true;
  return {
    isStream: reflector.get<unknown>(sseMetadata, handler) === true,
    answersItself: !hasPassthrough && taken.some((key) => ownResponse.test(key)),
    headers: headers.map(({ name }) => name.toLowerCase()),
  };
}

/** The routes of one guard. */
export class NestRoutes<Kind extends TransactionKind> {
  readonly #layer: HttpLayer<NestRequest, Kind>;
  /** By controller and handler, since subclasses share the handlers of their base class. */
  readonly #routes = new WeakMap<object, WeakMap<object, NestRoute<Kind>>>();

  constructor(layer: HttpLayer<NestRequest, Kind>) {
    this.#layer = layer;
  }

  /**
   * Returns the settings of a handler.
   *
   * @throws LatchkeyError `option-unknown`, `option-invalid` for the options of `@Idempotent()`.
   */
  of(controller: Target, handler: Target): NestRoute<Kind> {
    let ofController = this.#routes.get(controller);
    if (ofController === undefined) {
      ofController = new WeakMap();
      this.#routes.set(controller, ofController);
    }
    let route = ofController.get(handler);
    if (route === undefined) {
      route = { ...kindOf(controller, handler), ...this.#settingsOf(controller, handler) };
      ofController.set(handler, route);
    }
    return route;
  }

  /** The options of the handler come after those of its controller. */
  #settingsOf(controller: Target, handler: Target): Pick<NestRoute<Kind>, 'layer' | 'keyArgument'> {
    const ofHandler = reflector.get<Declared>(routeMetadata, handler);
    const ofController = reflector.get<Declared>(routeMetadata, controller);
    if ((ofHandler ?? ofController) === false) return { layer: undefined, keyArgument: undefined };
    let layer = this.#layer;
    let keyArgument: string | undefined;
    for (const declared of [ofController, ofHandler]) {
      if (!declared) continue;
      const { route, keyArgument: named = keyArgument } = separateOptions(declared);
      layer = layer.with(route);
      keyArgument = named;
    }
    return { layer, keyArgument };
  }
}
