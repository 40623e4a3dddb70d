/** What is read later than this has long been shown by the host anyway. */
const DEMANDED_FOR = 10_000

let heard: { position: string; at: number } | undefined

/** A live event tells of something that the host's lists may show a moment later: what is read next must show it. */
export function heardOf(position: string): void {
  heard = { position, at: Date.now() }
}

export function positionToDemand(): string | undefined {
  return heard && Date.now() - heard.at < DEMANDED_FOR ? heard.position : undefined
}
