import { beforeEach, expect, it, vi } from 'vitest'

const STORED = 'folkshelf.time-zone'

/** As a page that is opened has it. */
async function opened() {
  vi.resetModules()
  return import('./zone')
}

beforeEach(() => localStorage.clear())

it('remembers the zone of the community for the next page', async () => {
  const { communityZone, learnZone } = await opened()
  expect(communityZone.get()).toBeUndefined()
  learnZone('Asia/Tokyo')
  expect(communityZone.get()).toBe('Asia/Tokyo')
  expect((await opened()).communityZone.get()).toBe('Asia/Tokyo')
})

it.each(['Mars/Olympus', Intl.DateTimeFormat().resolvedOptions().timeZone])(
  'leaves the reader theirs when the host says %s',
  async (zone) => {
    localStorage.setItem(STORED, 'Asia/Tokyo')
    const { communityZone, learnZone } = await opened()
    learnZone(zone)
    expect(communityZone.get()).toBeUndefined()
    expect(localStorage.getItem(STORED)).toBeNull()
  },
)

it('takes nothing for a zone that is none', async () => {
  localStorage.setItem(STORED, 'no zone\u0000')
  expect((await opened()).communityZone.get()).toBeUndefined()
})
