import { ApiProblem } from '@/api/problem'

/** The link of a mail was used before, is too old, or was not copied whole. */
export function isSpentLink(problem: unknown): boolean {
  return problem instanceof ApiProblem && problem.code === 'VALIDATION_ERROR' && problem.detail('token') !== undefined
}
