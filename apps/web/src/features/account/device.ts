/** More particular names first: most browsers also call themselves by the names of others. */
const browsers = [
  ['Edge', /Edg(?:e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Samsung Internet', /SamsungBrowser\//],
  ['Firefox', /(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:Chrome|Chromium|CriOS)\//],
  ['Safari', /Safari\//],
] as const

const systems = [
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Android', /Android/],
  ['Windows', /Windows/],
  ['macOS', /Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
] as const

const nameIn = (names: ReadonlyArray<readonly [string, RegExp]>, agent: string) =>
  names.find(([, sign]) => sign.test(agent))?.[0]

export interface Device {
  /** The browser, else the program as it names itself. */
  program: string | undefined
  system: string | undefined
  handheld: boolean
}

/** What can be told of a device by what it calls itself: the `User-Agent` with which its session began. */
export function deviceOf(agent: string | null | undefined): Device {
  if (!agent) return { program: undefined, system: undefined, handheld: false }
  return {
    program: nameIn(browsers, agent) ?? agent.split(/[/ ]/)[0],
    system: nameIn(systems, agent),
    handheld: /iPhone|iPad|Android|Mobile/.test(agent),
  }
}
