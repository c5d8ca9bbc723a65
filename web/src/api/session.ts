// Whether it is worth asking for a session. The cookie itself cannot be seen from here, and this note proves
// nothing: the server decides.

const key = 'postern.signed-in'

export const mayBeSignedIn = () => localStorage.getItem(key) !== null

export function noteSignedIn(isSignedIn: boolean) {
  if (isSignedIn) localStorage.setItem(key, 'yes')
  else localStorage.removeItem(key)
}
