using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Microsoft.AspNetCore.Components;

namespace Basin.Host.Pages.Access;

/// <summary>A page that is one form: done, it leads on; refused, it shows why and keeps what was typed.</summary>
public abstract class FormPage : ComponentBase
{
    [Inject]
    protected Accounts Accounts { get; set; } = default!;

    [Inject]
    protected NavigationManager Navigation { get; set; } = default!;

    [CascadingParameter]
    protected HttpContext Http { get; set; } = default!;

    protected Problem? Problem { get; private set; }

    /// <param name="refusal">Null when it is done.</param>
    /// <param name="next">A path of this host.</param>
    protected void Finish(Problem? refusal, string next)
    {
        Problem = refusal;
        if (refusal is null)
            Navigation.NavigateTo(next);
        else
            Http.Response.StatusCode = refusal.Status;
    }

    /// <summary>A path to return to, unless it leads away from this host.</summary>
    protected static string LocalOr(string? path, string otherwise) =>
        path is ['/', ..] and not ['/', '/' or '\\', ..] && !path.Any(char.IsControl) ? path : otherwise;
}
