import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import createClient, { type Client } from 'openapi-fetch'
import type { components, paths } from '../src/api/schema'
import { host } from './host'

type Schemas = components['schemas']
export type Book = Schemas['BookView']
export type Borrow = Schemas['BorrowView']
export type Role = 'user' | 'premium' | 'moderator' | 'admin'

export const PASSWORD = 'correct horse battery'

/** Somebody with an account. `api` speaks as them, outside of any browser. */
export interface Member {
  id: string
  name: string
  email: string
  password: string
  api: Client<paths>
}

/** What a step of a borrow is sent, by the last part of its path. */
interface Steps {
  approve: Schemas['ApproveBody']
  reject: Schemas['ReasonBody']
  cancel: Schemas['ReasonBody']
  'hand-over': Schemas['HandOverBody']
  'request-extension': Schemas['ExtensionBody']
  'answer-extension': Schemas['AnswerBody']
  'declare-return': Schemas['NothingBody']
  return: Schemas['ReturnBody']
  'not-received': Schemas['NothingBody']
  'report-lost': Schemas['NoteBody']
  resolve: Schemas['ResolveBody']
}

let registered = 0

/** Makes what a test needs, over the API: quick, and not what the test is about. */
export class Community {
  /** Somebody new. */
  async register(name: string): Promise<Member> {
    registered += 1
    const email = `${name.toLowerCase().replace(/\W/g, '').slice(0, 20) || 'member'}.${process.pid}.${registered}@example.org`
    const { data, error, response } = await client().POST('/api/v1/auth/register', {
      body: { name, email, password: PASSWORD },
    })
    const { user, accessToken } = taken(data, response, error)
    return { id: user.id, name, email, password: PASSWORD, api: client(accessToken) }
  }

  /** Somebody new with a role. */
  async staff(name: string, role: Role): Promise<Member> {
    const member = await this.register(name)
    folkshelf('users', 'promote', member.email, '--role', role)
    return this.logIn(member.email, PASSWORD)
  }

  /** One of the demo community: `ada` is its administrator, `grace` a moderator, `barbara` and `linus` are members. */
  demo(name: 'ada' | 'grace' | 'linus' | 'margaret' | 'alan' | 'katherine' | 'donald' | 'barbara'): Promise<Member> {
    return this.logIn(`${name}@example.org`, 'folkshelf-demo')
  }

  async logIn(email: string, password: string): Promise<Member> {
    const { data, error, response } = await client().POST('/api/v1/auth/login', { body: { email, password } })
    const { user, accessToken } = taken(data, response, error)
    return { id: user.id, name: user.name, email, password, api: client(accessToken) }
  }

  /** A book on somebody's shelf, to be lent. */
  async book(owner: Member, title: string, more: Partial<Schemas['BookBody']> = {}): Promise<Book> {
    const body: Schemas['BookBody'] = { title, authors: ['Jane Austen'], lending: 'lend', ...more }
    const { data, error, response } = await owner.api.POST('/api/v1/books', { body })
    return taken(data, response, error)
  }

  /** Asks for a book. */
  async asks(borrower: Member, book: Book, days = 21, message?: string): Promise<Borrow> {
    const body = { bookId: book.id, days, ...(message && { message }) }
    const { data, error, response } = await borrower.api.POST('/api/v1/borrows', { body })
    return taken(data, response, error)
  }

  /** Takes a borrow a step further; how it is then. */
  async step<Step extends keyof Steps>(by: Member, borrow: Borrow, step: Step, body: Steps[Step]): Promise<Borrow> {
    // The path and its body belong together, which the compiler cannot see through a type parameter.
    const path = `/api/v1/borrows/{id}/${step}` as '/api/v1/borrows/{id}/approve'
    const { data, error, response } = await by.api.POST(path, { params: { path: { id: borrow.id } }, body })
    return taken(data, response, error)
  }

  /** Writes about a borrow. */
  async says({ api }: Member, { id }: Borrow, text: string): Promise<void> {
    const { data, error, response } = await api.POST('/api/v1/borrows/{id}/messages', {
      params: { path: { id } },
      body: { text },
    })
    taken(data, response, error)
  }

  /** Sends a file of books: the id of the import, which is over or waits for its review. */
  async import({ api }: Member, file: string, review: boolean): Promise<string> {
    const { data, error, response } = await api.POST('/api/v1/books/import', {
      params: { query: { review } },
      body: { file },
      bodySerializer() {
        const form = new FormData()
        form.append('file', new Blob([file], { type: 'text/csv' }), 'books.csv')
        return form
      },
    })
    const { id } = taken(data, response, error)
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const { data } = await api.GET('/api/v1/books/imports/{id}', { params: { path: { id } } })
      if (data && ['review', 'completed', 'failed'].includes(data.data.status)) return id
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`import ${id} does not come to an end`)
  }

  /** Somebody does not want to meet somebody. */
  async block({ api }: Member, { id }: Member): Promise<void> {
    const { data, error, response } = await api.POST('/api/v1/profile/blocks', { body: { userId: id } })
    taken(data, response, error)
  }

  /** Somebody tells the moderators about somebody, or about what they did in a borrow of the two: the report's id. */
  async report({ api }: Member, { id: userId }: Pick<Member, 'id'>, text: string, borrow?: Borrow): Promise<string> {
    const about = { userId, ...(borrow && { borrowId: borrow.id }) }
    const { data, error, response } = await api.POST('/api/v1/reports', { body: { about, reason: 'insults', text } })
    return taken(data, response, error).id
  }

  /** The newest mail to somebody that holds `word`. */
  async mail(to: Pick<Member, 'email'>, word: string): Promise<string> {
    const { mails } = host()
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const texts = readdirSync(mails)
        .toSorted()
        .map((name) => readFileSync(join(mails, name), 'utf8'))
      const mail = texts.findLast((text) => text.includes(to.email) && text.includes(word))
      if (mail) return mail
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`no mail to ${to.email} with ${word}`)
  }
}

/** The link of a mail, which may be folded. */
export function linkIn(mail: string, path: string): string {
  const text = mail.replace(/=\r?\n/g, '').replace(/=3D/g, '=')
  const link = new RegExp(`${path}\\?token=([0-9a-f]+)`).exec(text)
  if (!link) throw new Error(`no link to ${path} in: ${mail}`)
  return `/${path}?token=${link[1]}`
}

/** The host's command line, on the data of the tests. */
export function folkshelf(...words: string[]): string {
  const { program, environment } = host()
  return execFileSync(program, words, { env: { ...process.env, ...environment }, encoding: 'utf8' })
}

function client(token?: string): Client<paths> {
  return createClient<paths>({ baseUrl: host().url, headers: token ? { authorization: `Bearer ${token}` } : {} })
}

/** What is in an answer, or else what the host said instead. */
export function taken<Data>(answer: { data: Data } | undefined, response: Response, error?: unknown): Data {
  if (!answer) throw new Error(`${response.status} from ${response.url}: ${JSON.stringify(error)}`)
  return answer.data
}
