/**
 * NATS, Redis and MongoDB together: what a cluster of nodes needs.
 *
 * Used by tests of a whole cluster (own directories, free ports) and by `npm run cluster` (one data
 * directory that outlives it, fixed ports).
 */
import path from 'node:path'
import { MongoService } from './mongo-service.ts'
import { NatsService } from './nats-service.ts'
import { RedisService } from './redis-service.ts'
import type { ServiceOptions } from './service-process.ts'

export interface ClusterServicesOptions {
  /** Holds a directory for each server; without it they are removed at the end. */
  readonly directory?: string
  /** NATS lets each user do what it must, and no more. */
  readonly isGuarded?: boolean
  /** Of several clusters on these servers. */
  readonly namespaces?: readonly string[]
  readonly ports?: { readonly nats: number; readonly redis: number; readonly mongo: number }
}

export class ClusterServices {
  readonly nats: NatsService
  readonly redis: RedisService
  readonly mongo: MongoService

  private constructor(nats: NatsService, redis: RedisService, mongo: MongoService) {
    this.nats = nats
    this.redis = redis
    this.mongo = mongo
  }

  /** Starts all three at once; where one does not start, none is left running. */
  static async start(options: ClusterServicesOptions = {}): Promise<ClusterServices> {
    const of = (name: 'nats' | 'redis' | 'mongo'): ServiceOptions => ({
      ...(options.directory === undefined ? {} : { directory: path.join(options.directory, name) }),
      ...(options.ports === undefined ? {} : { port: options.ports[name] }),
    })
    const { isGuarded = false, namespaces } = options
    const starts = [
      NatsService.start({
        ...of('nats'),
        isGuarded,
        ...(namespaces === undefined ? {} : { namespaces }),
      }),
      RedisService.start(of('redis')),
      MongoService.start(of('mongo')),
    ] as const
    const settled = await Promise.allSettled(starts)
    const failed = settled.find((start) => start.status === 'rejected')
    if (failed) {
      const started = settled.filter((start) => start.status === 'fulfilled')
      await Promise.all(started.map(({ value }) => value.close()))
      throw failed.reason
    }
    return new ClusterServices(await starts[0], await starts[1], await starts[2])
  }

  /** The settings with which a node finds them. */
  get env(): { NATS_URL: string; REDIS_URL: string; MONGO_URL: string } {
    return { NATS_URL: this.nats.url, REDIS_URL: this.redis.url, MONGO_URL: this.mongo.url }
  }

  /** Starts all three again, on their ports and data. */
  async restart(): Promise<void> {
    await Promise.all([this.nats.restart(), this.redis.restart(), this.mongo.restart()])
  }

  async close(): Promise<void> {
    await Promise.all([this.nats.close(), this.redis.close(), this.mongo.close()])
  }
}
