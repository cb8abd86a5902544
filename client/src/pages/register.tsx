import { useSearch } from "@tanstack/react-router";
import { AuthScreen } from "@/features/auth/auth-screen";
import { TextLink } from "@/ui/button";

export function RegisterPage() {
  const search = useSearch({ from: "/guest/register" });
  return (
    <AuthScreen
      mode="register"
      title="Create an account"
      other={
        <>
          You have an account?{" "}
          <TextLink to="/sign-in" search={search}>
            Sign in
          </TextLink>
        </>
      }
    />
  );
}
