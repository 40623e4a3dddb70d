import { useState } from 'react'
import { CoverLook, type CoverLookProps } from './CoverLook'

/**
 * A book's cover: its picture, else one drawn from title and author. It fills the width it is given, two to three.
 * Decoration: the title stands beside it in words.
 */
export function Cover({ url, ...rest }: Omit<CoverLookProps, 'onBroken'>) {
  const [broken, setBroken] = useState<string>()
  return <CoverLook {...rest} url={url === broken ? null : url} onBroken={() => setBroken(url ?? undefined)} />
}
