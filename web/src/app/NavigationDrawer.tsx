import { Button, DrawerBody, makeStyles, OverlayDrawer, tokens } from '@fluentui/react-components'

import { CloseIcon } from '@/components/icons'

import { Navigation } from './Navigation'
import { texts } from './texts'

const useStyles = makeStyles({
  drawer: { width: '280px' },
  body: { padding: 0 },
  close: { margin: tokens.spacingHorizontalS },
})

export default function NavigationDrawer({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const styles = useStyles()
  return (
    <OverlayDrawer
      open={isOpen}
      className={styles.drawer}
      aria-label={texts.navigation}
      onOpenChange={(_, data) => (data.open ? undefined : onClose())}
    >
      <DrawerBody className={styles.body}>
        <Button
          appearance="subtle"
          icon={<CloseIcon />}
          aria-label={texts.closeNavigation}
          className={styles.close}
          onClick={onClose}
        />
        <Navigation onNavigate={onClose} />
      </DrawerBody>
    </OverlayDrawer>
  )
}
