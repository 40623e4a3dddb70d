// The second door of this feature, for `app/first-look` alone: the index would bring React into it.
export { BookLook } from './BookLook'
export { atOnce, browseLook, FACET_ROWS, gridLook, headLook, searchLook, toggleLook, wide } from './look'
export { standingOf } from './standing'
