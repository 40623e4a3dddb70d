export { isHeld, type Loan } from './loan'
export { LoanTalk } from './LoanTalk'
export { useLoansWaiting, useOpenLoans } from './queries'

// Each is fetched when somebody goes there.
export const loadLoanPage = () => import('./LoanPage')
export const loadLoansPage = () => import('./LoansPage')
