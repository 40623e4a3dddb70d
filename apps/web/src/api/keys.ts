/** The names under which answers are kept, so that a command or a live event can say what it made stale. */
export const keys = {
  books: {
    all: ['books'] as const,
    list: (filters: object) => ['books', 'list', filters] as const,
    mine: (filters: object) => ['books', 'mine', filters] as const,
    suggestions: (text: string) => ['books', 'suggestions', text] as const,
    one: (id: string) => ['books', 'one', id] as const,
    history: (id: string) => ['books', 'one', id, 'history'] as const,
    availability: (id: string) => ['books', 'one', id, 'availability'] as const,
    facets: ['books', 'facets'] as const,
    facetsOf: (filters: object) => ['books', 'facets', filters] as const,
    ofIsbn: (isbn: string) => ['books', 'isbn', isbn] as const,
    /** Every list of one's own books. */
    shelf: ['books', 'mine'] as const,
    /** Every list of everybody's. */
    lists: ['books', 'list'] as const,
  },
  imports: {
    all: ['imports'] as const,
    list: ['imports', 'list'] as const,
    open: ['imports', 'open'] as const,
    one: (id: string) => ['imports', 'one', id] as const,
    shelves: (id: string, columns: object) => ['imports', 'one', id, 'shelves', columns] as const,
  },
  bookOfLoan: (bookId: string) => ['bookOfLoan', bookId] as const,
  borrows: {
    all: ['borrows'] as const,
    list: (filters: object) => ['borrows', 'list', filters] as const,
    one: (id: string) => ['borrows', 'one', id] as const,
    timeline: (id: string) => ['borrows', 'one', id, 'timeline'] as const,
  },
  notifications: {
    all: ['notifications'] as const,
    list: (filters: object) => ['notifications', 'list', filters] as const,
    unread: ['notifications', 'unread'] as const,
  },
  members: {
    all: ['members'] as const,
    list: (filters: object) => ['members', 'list', filters] as const,
    one: (id: string) => ['members', 'one', id] as const,
  },
  account: {
    me: ['account', 'me'] as const,
    sessions: ['account', 'sessions'] as const,
    apiKeys: ['account', 'api-keys'] as const,
    calendar: ['account', 'calendar'] as const,
    blocks: ['account', 'blocks'] as const,
    preferences: ['account', 'preferences'] as const,
    notifications: ['account', 'notifications'] as const,
  },
  community: ['community'] as const,
  roles: ['roles'] as const,
  administration: {
    all: ['administration'] as const,
    events: (filters: object) => ['administration', 'events', filters] as const,
    subscriptions: ['administration', 'subscriptions'] as const,
    deadLetters: (filters: object) => ['administration', 'dead-letters', filters] as const,
    mails: ['administration', 'mails'] as const,
    deliveries: ['administration', 'deliveries'] as const,
    projections: ['administration', 'projections'] as const,
  },
}
