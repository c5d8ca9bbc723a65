// What went wrong, in the words of the server: problem documents of RFC 9457.

export interface Problem {
  type: string
  /** What happened. */
  title: string
  status: number
  /** What to do. */
  detail?: string
}

/** An answer that is not the one asked for. Status 0: the server did not answer at all. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'

  constructor(readonly problem: Problem) {
    super(problem.title)
  }

  get status() {
    return this.problem.status
  }
}

export const noGeneration = '/problems/no-generation'

export function isProblem(error: unknown, status: number): error is ProblemError {
  return error instanceof ProblemError && error.status === status
}

/** Nothing was imported yet, so there is nothing to show: an empty state rather than an error. */
export function isNoGeneration(error: unknown) {
  return error instanceof ProblemError && error.problem.type.endsWith(noGeneration)
}

/** Reads the body of an answer that failed. Proxies answer in HTML, so the body may be anything. */
export function problemOf(status: number, body: unknown): Problem {
  if (typeof body === 'object' && body !== null && 'title' in body && typeof body.title === 'string') {
    const { title } = body
    const type = 'type' in body && typeof body.type === 'string' ? body.type : 'about:blank'
    const detail = 'detail' in body && typeof body.detail === 'string' ? body.detail : undefined
    return { type, title, status, ...(detail === undefined ? {} : { detail }) }
  }
  return {
    type: 'about:blank',
    title: `The server answered with status ${status}.`,
    status,
    detail: 'Try again. If it happens again, look at the log of the server.',
  }
}

/** What the server would say; see `getOfGeneration`. */
export const nothingImported: Problem = {
  type: noGeneration,
  title: 'Nothing has been imported yet.',
  status: 404,
  detail: 'Add files on the Sources page.',
}

export const unreachable: Problem = {
  type: '/problems/unreachable',
  title: 'The server does not answer.',
  status: 0,
  detail: 'Check that Postern is running and that your network reaches it, then try again.',
}

/** For whatever was thrown. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  const detail = error instanceof Error ? error.message : String(error)
  return { type: 'about:blank', title: 'The page has failed.', status: 0, detail }
}
