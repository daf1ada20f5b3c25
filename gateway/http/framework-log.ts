/**
 * What Fastify itself has to say, in our log; and what it does not say per request.
 *
 * Fastify gets no logger, because then it makes a child logger and two listeners for every request,
 * a tenth of a redirect's time. Its few warnings come through here instead.
 */
import { LogController } from 'fastify'
import type { Logger } from 'pino'

export class FrameworkLog extends LogController {
  readonly #logger: Logger

  constructor(logger: Logger) {
    super({ disableRequestLogging: true })
    this.#logger = logger
  }

  override streamError(error: Error): void {
    this.#logger.warn({ err: error }, 'reply was cut off')
  }

  override writeHeadError(error: Error): void {
    this.#logger.error({ err: error }, 'headers could not be written')
  }

  override serializerError(error: Error): void {
    this.#logger.error({ err: error }, 'reply could not be serialised')
  }

  override serviceUnavailable(): void {}
}
