/** Settings: the model, who may join as a runner, this browser. */
import { SECRET_HEADER, forgetLogin, readLogin } from "../lib/login.ts";
import { useTopic, useTown } from "../lib/town.tsx";
import { AuthorForm } from "../settings/author-form.tsx";
import { ModelForm } from "../settings/model-form.tsx";
import { ProgramList } from "../settings/program-list.tsx";
import { RunnerList } from "../settings/runner-list.tsx";
import { TokenList } from "../settings/token-list.tsx";
import { TrashList } from "../settings/trash-list.tsx";
import { Button } from "../ui/button.tsx";
import { Page, Section } from "../ui/card.tsx";
import { SkeletonRows } from "../ui/feedback.tsx";
import { ThemeToggle } from "../ui/theme-toggle.tsx";

export function SettingsView() {
  const { ready } = useTopic("town");
  const town = useTown();
  return (
    <Page title="Settings" size="narrow">
      <div className="space-y-7">
        <Section title="Language model">
          {ready && town ? (
            <ModelForm key={town.model?.provider ?? "none"} settings={town.model} />
          ) : (
            <SkeletonRows />
          )}
        </Section>
        <ProgramList />
        <AuthorForm />
        <RunnerList />
        <TokenList />
        <TrashList />
        <Section title="This browser">
          <div className="flex flex-wrap items-center gap-3 p-4">
            <span className="text-sm font-medium">Theme</span>
            <ThemeToggle />
            <Button look="quiet" className="ml-auto" onClick={() => void logOut()}>
              Log out
            </Button>
          </div>
        </Section>
      </div>
    </Page>
  );
}

/** Ends this login at the town and here. */
async function logOut(): Promise<void> {
  const login = readLogin(localStorage);
  if (login) {
    await fetch("/api/logout", {
      method: "POST",
      headers: { [SECRET_HEADER]: login.secret },
      credentials: "same-origin",
    }).catch(() => null);
  }
  forgetLogin(localStorage);
  location.assign("/");
}
