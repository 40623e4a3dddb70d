/** Names in `localStorage`. */

/** The name of the community, as its host told it last. */
export const COMMUNITY_NAME = 'folkshelf.community'

/** The mail address that is being confirmed: to log in afterwards it need not be typed again. */
export const ADDRESS_TO_CONFIRM = 'folkshelf.address'
