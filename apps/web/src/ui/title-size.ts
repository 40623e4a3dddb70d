/** Longer titles are set smaller, so that they leave room for what follows on a phone. */
const LONG = 120

export const titleSize = (title: string) => (title.length > LONG ? 'text-heading' : 'text-title')
