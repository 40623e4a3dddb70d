export { isHeld, type Loan } from './loan'
export { useLoansWaiting, useOpenLoans } from './queries'
