// Theme and account. On their own, since menus need much that the first page can do without.

import { AccountMenu } from './AccountMenu'
import { ThemeMenu } from './ThemeMenu'

export default function TopMenus() {
  return (
    <>
      <ThemeMenu />
      <AccountMenu />
    </>
  )
}
