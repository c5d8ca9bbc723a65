import { makeStyles, tokens } from '@fluentui/react-components'
import { createElement } from 'react'

import {
  CertificateIcon,
  CloudIcon,
  ContainerIcon,
  DeviceIcon,
  DomainIcon,
  FileIcon,
  GroupIcon,
  KeyIcon,
  ServerIcon,
  ShieldIcon,
  ThingIcon,
  UserIcon,
} from './icons'

const useStyles = makeStyles({
  icon: { flexShrink: 0, width: '16px', height: '16px', color: tokens.colorNeutralForeground3, verticalAlign: '-3px' },
})

const exact: Record<string, typeof ThingIcon> = {
  Computer: DeviceIcon,
  Host: ServerIcon,
  Domain: DomainIcon,
  OU: ContainerIcon,
  Container: ContainerIcon,
  GPO: FileIcon,
  EntryPoint: KeyIcon,
  ControlPlane: ShieldIcon,
  ObjectSet: GroupIcon,
  NetworkSegment: DomainIcon,
  Internet: CloudIcon,
}

/** From the particular to the general: an AZGroup is a group before it is of the cloud. */
const byPart: [RegExp, typeof ThingIcon][] = [
  [/Group$/, GroupIcon],
  [/User$|Users$/, UserIcon],
  [/CertTemplate|CA$|CertStore|AuthStore$|^IssuancePolicy$/, CertificateIcon],
  [/Device$|VM$|Workstations?$/, DeviceIcon],
  [/App$|ServicePrincipal$|KeyVault$|Identity$|IdentityCredential$/, KeyIcon],
  [/^AZ|Tenant|Subscription/, CloudIcon],
]

export function iconOfKind(kind: string) {
  return exact[kind] ?? byPart.find(([pattern]) => pattern.test(kind))?.[1] ?? ThingIcon
}

/** Stands beside the name and the word, so it is silent. */
export function KindIcon({ kind }: { kind: string }) {
  const styles = useStyles()
  return createElement(iconOfKind(kind), { className: styles.icon, 'aria-hidden': true })
}
