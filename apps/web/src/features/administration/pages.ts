/** By their address below `/admin`. A chunk of its own: who looks after nothing never fetches these names. */
export const pages = {
  'dead-letters': () => import('./DeadLettersPage'),
  events: () => import('./EventsPage'),
  jobs: () => import('./JobsPage'),
  mails: () => import('./MailsPage'),
  members: () => import('./MembersPage'),
  months: () => import('./MonthsPage'),
  projections: () => import('./ProjectionsPage'),
  subscriptions: () => import('./SubscriptionsPage'),
}
