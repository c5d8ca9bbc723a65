import {
  Avatar,
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
  Tooltip,
} from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useRouter } from '@tanstack/react-router'

import { useSignOut } from '@/api/mutations'
import { queries } from '@/api/queries'
import { useToast } from '@/components/useToast'
import { capital } from '@/lib/format'

import { texts } from './texts'

const useStyles = makeStyles({ button: { minWidth: 'auto', padding: '2px' } })

export function AccountMenu() {
  const styles = useStyles()
  const { data: session } = useQuery(queries.session())
  const navigate = useNavigate()
  const router = useRouter()
  const signOut = useSignOut()
  const toast = useToast()
  if (!session) return null
  const { name, role } = session.user
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Tooltip content={texts.account(name)} relationship="label">
          <Button
            appearance="subtle"
            className={styles.button}
            icon={<Avatar size={28} name={name} color="colorful" aria-hidden />}
          />
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
