"""Signing in and out."""

from django.contrib.auth.views import LoginView, LogoutView

from eka.usecases import demo


class SignIn(LoginView):
    """Django's own sign-in; in the demo its cast stands beside the form."""

    template_name = "portal/sign_in.html"
    next_page = "portal:lines"
    redirect_authenticated_user = True

    def get_context_data(self, **page: object) -> dict[str, object]:
        """The form, and the demo's cast where there is one."""
        cast = demo.cast() if demo.is_demo() else []
        return super().get_context_data(cast=cast, **page)


sign_in = SignIn.as_view()
sign_out = LogoutView.as_view(next_page="portal:plans")
