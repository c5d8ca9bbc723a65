import {
  Button,
  makeStyles,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  tokens,
  Tooltip,
} from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'

import { useSignOut } from '@/api/mutations'
import { queries } from '@/api/queries'
import { toast } from '@/components/toasts'
import { capital } from '@/lib/format'

import { texts } from './texts'

const useStyles = makeStyles({
  button: { minWidth: 'auto', padding: '2px' },
  initial: {
    display: 'grid',
    placeItems: 'center',
    width: '28px',
    height: '28px',
    borderRadius: tokens.borderRadiusCircular,
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorBrandForeground2,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
  },
})

export function AccountMenu() {
  const styles = useStyles()
  const { data: session } = useQuery(queries.session())
  const navigate = useNavigate()
  const router = useRouter()
  const signOut = useSignOut()
  if (!session) return null
  const { name, role } = session.user
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Tooltip content={texts.account(name)} relationship="label">
          <Button
            appearance="subtle"
            className={styles.button}
          >
            <span className={styles.initial} aria-hidden>
              {name.slice(0, 2).toUpperCase()}
            </span>
          </Button>
        </Tooltip>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>
              {name} · {capital(role)}
            </MenuGroupHeader>
            <MenuItem onClick={() => void navigate({ to: '/account/password' })}>{texts.changePassword}</MenuItem>
          </MenuGroup>
          <MenuDivider />
          <MenuItem
            onClick={() =>
              signOut.mutate(undefined, {
                onSuccess: () => void router.navigate({ to: '/sign-in' }),
                onError: toast.failed,
              })
            }
          >
            {texts.signOut}
          </MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
