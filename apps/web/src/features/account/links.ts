import { ApiProblem } from '@/api/problem'

const names = (problem: unknown, field: string) =>
  problem instanceof ApiProblem && problem.code === 'VALIDATION_ERROR' && problem.detail(field) !== undefined

/** The link of a mail was used before, is too old, or was not copied whole. */
export function isSpentLink(problem: unknown): boolean {
  return names(problem, 'token')
}

/** Whoever opens the link is not logged in to the account: they choose its password. */
export function wantsPassword(problem: unknown): boolean {
  return names(problem, 'newPassword')
}
