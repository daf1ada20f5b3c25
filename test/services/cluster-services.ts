/**
 * NATS, Redis and MongoDB together: what a cluster of nodes needs.
 *
 * Used by tests of a whole cluster (own directories, free ports) and by `npm run cluster` (one data
 * directory that outlives it, fixed ports).
 */
import path from 'node:path'
import { MongoService } from './mongo-service.ts'
import { NatsCluster } from './nats-cluster.ts'
import type { NatsService } from './nats-service.ts'
import type { OwnNetwork } from './own-network.ts'
import { RedisService } from './redis-service.ts'
import type { ServiceOptions } from './service-process.ts'

export interface ClusterServicesOptions {
  /** Holds a directory for each server; without it they are removed at the end. */
  readonly directory?: string
  /** NATS lets each user do what it must, and no more. */
  readonly isGuarded?: boolean
  /** How many of NATS: 1 or 3, which then keep three copies and may be told to elect. */
  readonly natsServers?: number
  /** Of the last one of NATS. */
  readonly network?: OwnNetwork
  /** Of several clusters on these servers. */
  readonly namespaces?: readonly string[]
  readonly ports?: { readonly nats: number; readonly redis: number; readonly mongo: number }
}

export class ClusterServices {
  readonly natsCluster: NatsCluster
  readonly redis: RedisService
  readonly mongo: MongoService

  private constructor(natsCluster: NatsCluster, redis: RedisService, mongo: MongoService) {
    this.natsCluster = natsCluster
    this.redis = redis
    this.mongo = mongo
  }

  /** The only server of NATS, or the first. */
  get nats(): NatsService {
    return this.natsCluster.servers[0]!
  }

  /** Starts all at once; where one does not start, none is left running. */
  static async start(options: ClusterServicesOptions = {}): Promise<ClusterServices> {
    const of = (name: 'nats' | 'redis' | 'mongo'): ServiceOptions => ({
      ...(options.directory === undefined ? {} : { directory: path.join(options.directory, name) }),
      ...(options.ports === undefined ? {} : { port: options.ports[name] }),
    })
    const { isGuarded = false, namespaces, natsServers = 1, network } = options
    const starts = [
      NatsCluster.start({
        ...of('nats'),
        size: natsServers,
        ...(network !== undefined && { network }),
        server: { isGuarded, ...(namespaces === undefined ? {} : { namespaces }) },
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
  get env(): Readonly<Record<'NATS_URL' | 'REDIS_URL' | 'MONGO_URL', string>> {
    const { url, systemUrl, servers } = this.natsCluster
    return {
      NATS_URL: url,
      REDIS_URL: this.redis.url,
      MONGO_URL: this.mongo.url,
      ...(servers.length > 1 && { TINYGRID_LOG_REPLICAS: `${servers.length}` }),
      ...(systemUrl !== undefined && { NATS_SYSTEM_URL: systemUrl }),
    }
  }

  /** Starts all again, on their ports and data. */
  async restart(): Promise<void> {
    const nats = this.natsCluster.servers.map((server) => server.restart())
    await Promise.all([...nats, this.redis.restart(), this.mongo.restart()])
  }

  async close(): Promise<void> {
    await Promise.all([this.natsCluster.close(), this.redis.close(), this.mongo.close()])
  }
}
