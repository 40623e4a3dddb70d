/** The look of a drawn cover. */
export interface CoverDesign {
  ground: string
  ink: string
  ornament: string
  pattern: (typeof patterns)[number]
}

export const patterns = ['frame', 'band', 'arch', 'rules', 'sun', 'diamond'] as const

/** Quiet cloth and paper; every ink reads on its ground. */
const palettes = [
  { ground: '#7a3b2e', ink: '#fbeee2', ornament: '#d9a483' },
  { ground: '#33503f', ink: '#eef3e6', ornament: '#9dbb97' },
  { ground: '#2f4858', ink: '#e9f0f2', ornament: '#8fb0bd' },
  { ground: '#5b4a6b', ink: '#f3ecf5', ornament: '#b7a2c6' },
  { ground: '#e6d5b8', ink: '#3d2f22', ornament: '#a5784a' },
  { ground: '#c9d3c0', ink: '#2c3a2c', ornament: '#6d8564' },
  { ground: '#e8c9b5', ink: '#4a2a1e', ornament: '#b0664a' },
  { ground: '#6b5a2e', ink: '#f8f1dc', ornament: '#cdb878' },
  { ground: '#7b2d3b', ink: '#fbe9e7', ornament: '#d39a9a' },
  { ground: '#cfd6d8', ink: '#28363c', ornament: '#64818c' },
] as const

/** FNV-1a, its bits mixed once more so that every part of it varies: the same on every device. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** The same book has the same cover everywhere. */
export function coverDesign(title: string, authors: readonly string[]): CoverDesign {
  const seed = hash(`${title.normalize('NFC')}\n${authors.join('\n').normalize('NFC')}`)
  const palette = palettes[seed % palettes.length] ?? palettes[0]
  const pattern = patterns[Math.floor(seed / palettes.length) % patterns.length] ?? patterns[0]
  return { ...palette, pattern }
}

/** Long words and long titles are set smaller. */
export function titleSize(title: string): string {
  const longest = Math.max(...title.split(/\s+/).map((word) => word.length))
  if (longest > 12 || title.length > 70) return 'text-[7.5cqw]'
  if (longest > 8 || title.length > 36) return 'text-[9.5cqw]'
  return 'text-[12.5cqw]'
}
