import type { BrowserContext } from '@playwright/test'

/** What a browser complains of: errors on its console (a breach of the Content-Security-Policy is one), errors that no
    script caught, requests without an answer. */
export class Troubles {
  private readonly seen: string[] = []
  private readonly expected: RegExp[] = []

  watch(context: BrowserContext): void {
    context.on('console', (message) => {
      if (message.type() === 'error') this.seen.push(`console: ${message.text()} (${message.location().url})`)
    })
    context.on('weberror', (error) => this.seen.push(`uncaught: ${error.error().stack ?? error.error().message}`))
    context.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText
      // What a page gives up when it is left or closed.
      if (reason !== 'net::ERR_ABORTED') this.seen.push(`request: ${request.method()} ${request.url()}: ${reason}`)
    })
  }

  /** From here on, complaints that fit are no failure. */
  expect(...complaints: RegExp[]): void {
    this.expected.push(...complaints)
  }

  unexpected(): string[] {
    return this.seen.filter((complaint) => !this.expected.some((expected) => expected.test(complaint)))
  }
}
