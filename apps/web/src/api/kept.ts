/** Names in `localStorage`. */

/** The name of the community, as its host told it last. */
export const COMMUNITY_NAME = 'folkshelf.community'
