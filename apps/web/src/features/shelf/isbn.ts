export type IsbnFault = 'characters' | 'length' | 'checkDigit' | 'prefix' | 'rounded'

/** An ISBN as thirteen digits, or why a text is none. Takes ten or thirteen digits with whatever people write around them. */
export function readIsbn(text: string): { isbn: string } | { fault: IsbnFault } {
  const written = text
    .trim()
    .toUpperCase()
    .replace(/^[="'[]+|["'\]]+$/g, '')
    .replace(/^ISBN(-?1[03])?[\s:]*/, '')
    .replace(/\.0$/, '')
  if (/E\+|\..*E/.test(written)) return { fault: 'rounded' }
  const bare = written.replaceAll(/[\s\-‐-―−]/g, '')
  if (!/^(\d*|\d{9}X)$/.test(bare)) return { fault: 'characters' }
  if (bare.length === 13) {
    if (thirteenthDigit(bare) !== bare[12]) return { fault: 'checkDigit' }
    // 979-0 numbers sheet music.
    return /^97(8|9[^0])/.test(bare) ? { isbn: bare } : { fault: 'prefix' }
  }
  // Nine digits: of before 1970, without the leading zero.
  if (bare.length !== 9 && bare.length !== 10) return { fault: 'length' }
  const ten = bare.padStart(10, '0')
  if (tenthDigit(ten) !== ten[9]) return { fault: 'checkDigit' }
  const twelve = `978${ten.slice(0, 9)}`
  return { isbn: twelve + thirteenthDigit(twelve) }
}

function thirteenthDigit(digits: string): string {
  const sum = Array.from(digits.slice(0, 12)).reduce(
    (sum, digit, place) => sum + Number(digit) * (place % 2 ? 3 : 1),
    0,
  )
  return String((10 - (sum % 10)) % 10)
}

function tenthDigit(digits: string): string {
  const sum = Array.from(digits.slice(0, 9)).reduce((sum, digit, place) => sum + Number(digit) * (10 - place), 0)
  const rest = (11 - (sum % 11)) % 11
  return rest === 10 ? 'X' : String(rest)
}
