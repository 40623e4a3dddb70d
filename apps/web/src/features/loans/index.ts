export { useLoansWaiting } from './queries'
