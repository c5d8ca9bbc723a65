import { ButtonLink } from './AppLink'
import { EmptyState } from './EmptyState'
import { UploadIcon } from './icons'
import { texts } from './texts'

/** What every page of a generation shows before there is one. */
export function NothingImported() {
  return (
    <EmptyState
      icon={UploadIcon}
      title={texts.nothing.title}
      actions={
        <ButtonLink to="/sources" appearance="primary">
          {texts.nothing.action}
        </ButtonLink>
      }
    >
      {texts.nothing.hint}
    </EmptyState>
  )
}
