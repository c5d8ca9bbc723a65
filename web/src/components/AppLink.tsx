// Fluent's look, the router's behaviour: typed addresses, no loading of the whole page.

import { Button, Link } from '@fluentui/react-components'
import { createLink } from '@tanstack/react-router'
import type { ComponentProps } from 'react'

type AnchorProps = Omit<ComponentProps<'a'>, 'ref'>

export const AppLink = createLink(({ ref, ...props }: AnchorProps & { ref?: React.Ref<HTMLAnchorElement> }) => (
  <Link ref={ref} {...props} />
))

type ButtonLinkProps = AnchorProps & {
  ref?: React.Ref<HTMLAnchorElement>
  appearance?: 'primary' | 'secondary' | 'subtle' | 'transparent' | 'outline'
  size?: 'small' | 'medium' | 'large'
  icon?: React.ReactElement
}

/** A link that looks like a button: it goes somewhere, it does nothing. */
export const ButtonLink = createLink(({ ref, ...props }: ButtonLinkProps) => (
  <Button as="a" {...(props as object)} ref={ref as never} />
))
