import 'reflect-metadata';
import {
  All,
  Controller,
  Get,
  Module,
  Param,
  Post,
  Put,
  type Type,
  UseInterceptors,
  VersioningType,
} from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ApiCreatedResponse, ApiExcludeEndpoint, ApiExtension, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { memoryStore } from 'latchkey/memory';
import { IdempotencyInterceptor, Idempotent, LatchkeyModule, SkipIdempotency } from 'latchkey/nest';
import { describeNest } from 'latchkey/openapi';

const options = { store: memoryStore(), principal: () => 'acme' };

@Controller({ path: 'orders', version: '1' })
@Idempotent({ timing: { retentionMs: 3_600_000 } })
class OrdersController {
  @Post()
  @ApiCreatedResponse({ description: 'The order.' })
  @Idempotent({ key: { required: true } })
  @ApiExtension('x-internal', true)
  place(): string {
    return 'placed';
  }

  @Put(':id')
  @Idempotent({ methods: ['PUT'] })
  change(@Param('id') id: string): string {
    return id;
  }

  @Get()
  list(): string {
    return 'all';
  }

  @Post('preview')
  @SkipIdempotency()
  preview(): string {
    return 'preview';
  }

  @Post('inside')
  @ApiExcludeEndpoint()
  inside(): string {
    return 'inside';
  }
}

@Controller('events')
class EventsController {
  @Post()
  note(): string {
    return 'noted';
  }

  @All('any')
  @UseInterceptors(IdempotencyInterceptor)
  any(): string {
    return 'any';
  }
}

class Pages {
  @Post()
  publish(): string {
    return this.constructor.name;
  }
}

@Controller('news')
@Idempotent()
class NewsController extends Pages {}

@Controller('notes')
@Idempotent()
class NotesController extends Pages {}

@Controller('drafts')
class DraftsController extends Pages {}

/** A module with a guard of its own. */
@Module({
  imports: [LatchkeyModule.forRoot({ ...options, timing: { retentionMs: 7_200_000 } })],
  controllers: [NewsController, NotesController],
})
class PagesModule {}

@Module({
  imports: [LatchkeyModule.forRoot(options), PagesModule],
  controllers: [OrdersController, EventsController],
})
class DecoratedModule {}

@Module({
  imports: [LatchkeyModule.forRoot(options)],
  controllers: [OrdersController, EventsController],
  providers: [{ provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor }],
})
class GlobalModule {}

@Module({ imports: [LatchkeyModule.forRoot(options)], controllers: [NewsController, DraftsController] })
class SharingModule {}

@Module({ imports: [LatchkeyModule.forRoot(options)] })
class EmptyModule {}

/** The document of an application that is not yet initialized, made inside the function or before. */
async function documentOf(module: Type, isEarlier = false): Promise<object> {
  const adapter = process.env['PLATFORM'] === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(module, adapter, { logger: ['error'], abortOnError: false });
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI });
  const config = new DocumentBuilder().setOpenAPIVersion('3.1.0').setTitle('Shop').build();
  const named = { operationIdFactory: (_controller: string, method: string) => method };
  const create = () => SwaggerModule.createDocument(app, config, named);
  try {
    const earlier = create();
    const document = describeNest(isEarlier ? () => earlier : create, app.get(IdempotencyInterceptor));
    return { ...document, plain: create() };
  } catch (error) {
    return { error: String(error) };
  } finally {
    await app.close();
  }
}

async function print(): Promise<void> {
  const documents = {
    decorated: await documentOf(DecoratedModule),
    global: await documentOf(GlobalModule),
    sharing: await documentOf(SharingModule),
    earlier: await documentOf(DecoratedModule, true),
    empty: await documentOf(EmptyModule, true),
  };
  console.log(JSON.stringify(documents));
}

void print();
