import { useSearch } from "@tanstack/react-router";
import { AuthScreen } from "@/features/auth/auth-screen";
import { useSession } from "@/lib/session";
import { TextLink } from "@/ui/button";
import { Note } from "@/ui/notices";

export function SignInPage() {
  const search = useSearch({ from: "/guest/sign-in" });
  const state = useSession();
  const ended = state.status === "signed-out" && state.reason === "expired";
  return (
    <AuthScreen
      mode="login"
      title="Sign in"
      notice={ended && <Note role="status">Your session has ended. Sign in to go on where you were.</Note>}
      other={
        <>
          New here?{" "}
          <TextLink to="/register" search={search}>
            Create an account
          </TextLink>
        </>
      }
    />
  );
}
