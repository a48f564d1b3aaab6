using Basin.Kernel.Http;
using Basin.Testing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Tests.Http;

public sealed class ExceptionProblemsTests
{
    [Fact]
    public async Task A_client_that_has_gone_in_the_middle_of_its_body_is_no_failure()
    {
        using var log = new TestLog();
        var http = new DefaultHttpContext();

        Assert.True(await HandlerWith(log).TryHandleAsync(http, new ConnectionResetException("gone"), CancellationToken.None));
        Assert.Empty(log.Lines);
        Assert.Equal(StatusCodes.Status200OK, http.Response.StatusCode);
    }

    [Theory]
    [InlineData(StatusCodes.Status413PayloadTooLarge, "too_large")]
    [InlineData(StatusCodes.Status408RequestTimeout, "invalid_request")]
    public void A_body_that_the_server_refuses_is_the_clients_fault(int status, string code) =>
        Assert.Equal(code, ExceptionProblems.Of(new BadHttpRequestException("refused", status)).Code);

    private static ExceptionProblems HandlerWith(TestLog log) =>
        new(LoggerFactory.Create(logging => logging.AddProvider(log)).CreateLogger<ExceptionProblems>());
}
