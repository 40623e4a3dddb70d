export type { Loan } from './loan'
export { useLoansWaiting, useOpenLoans } from './queries'
