using Basin.Kernel.Ids;
using Basin.Kernel.Load;
using Basin.Kernel.Resilience;
using Basin.Kernel.Storage;
using Basin.Notifications;
using Basin.Orders;
using Basin.Testing;

namespace Basin.Engagement.Tests.Notifications;

public sealed class MailTests
{
    private static readonly Id<Order> Order = new(4711);

    [Fact]
    public void What_comes_from_outside_is_text_in_html()
    {
        var mail = MailOf(NotificationKind.OrderShipped, "<script>alert('x')</script> & \"more\"");

        Assert.DoesNotContain("<script", mail.Html);
        Assert.Contains("&lt;script&gt;", mail.Html);
        Assert.Contains("<script>alert('x')</script> & \"more\"", mail.Text);
    }

    [Fact]
    public void What_comes_from_outside_begins_no_line_of_its_own()
    {
        var mail = MailOf(NotificationKind.OrderShipped, "UPS\r\nBcc: everybody@example.com\r\n\r\nBuy!");

        Assert.Single(mail.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.DoesNotContain("\n", mail.Subject);
    }

    [Theory]
    [InlineData("ada@example.com\r\nBcc: all@example.com", "Order placed")]
    [InlineData("ada@example.com", "Order\r\nBcc: all@example.com")]
    [InlineData("ada@example.com", "Order\nplaced")]
    public void A_second_line_in_a_header_is_refused(string to, string subject) =>
        Assert.ThrowsAny<ArgumentException>(() => new Mail(new Id<Notification>(1), to, subject, "text", "html").ToMessage("shop@example.com"));

    [Theory]
    [InlineData("ada@example.com, eve@example.com")]
    [InlineData("nobody")]
    public void What_is_no_single_address_is_refused(string to) =>
        Assert.ThrowsAny<FormatException>(() => new Mail(new Id<Notification>(1), to, "Order placed", "text", "html").ToMessage("shop@example.com"));

    [Fact]
    public void Links_lead_to_the_shop_when_its_address_is_known_and_the_order_is_the_shops()
    {
        var shop = new Uri("https://shop.example");
        var job = new SendMail(new Id<Notification>(1), "ada@example.com", NotificationKind.OrderPlaced, Order, "€1.00", OfShop: true);

        Assert.Contains($"https://shop.example/orders/{Order}", Mail.Of(job, shop).Text);
        Assert.DoesNotContain("https://", Mail.Of(job with { OfShop = false }, shop).Text);
        Assert.DoesNotContain("https://", Mail.Of(job, shop: null).Html);
    }

    [Fact]
    public async Task E_mail_comes_a_minute_or_two_later_while_the_host_has_too_much_to_do()
    {
        await using var host = await NotificationsHost.StartAsync();
        host.Get<HostLoad>().Follow(1);
        await host.TellAsync(host.Placed("acc_ada"));
        Assert.Empty(host.Mails());
        Assert.Single(await host.Client.InboxAsync("acc_ada"));

        host.Clock.Advance(TimeSpan.FromSeconds(59));
        await host.SettleAsync();
        Assert.Empty(host.Mails());
        host.Clock.Advance(TimeSpan.FromSeconds(62));
        await host.SettleAsync();
        Assert.Single(host.Mails());
    }

    [Fact]
    public async Task A_dropped_mail_can_be_read_and_is_its_owners_only()
    {
        await using var host = await NotificationsHost.StartAsync();
        await host.TellAsync(host.Placed("acc_ada"));

        var file = Assert.Single(host.Mails());
        var mail = host.Get<DropFolder>().Find(NotificationsHost.Tenant, Path.GetFileNameWithoutExtension(file))!;

        Assert.Equal("ada@example.com", mail.To);
        Assert.StartsWith("Order placed: ord_", mail.Subject);
        Assert.Contains("€148.40", mail.Text);
        Assert.DoesNotContain("<", mail.Text);
        Assert.Contains($"Message-ID: <{mail.Name}@basin.invalid>", await File.ReadAllTextAsync(file));
        Assert.Null(host.Get<DropFolder>().Find(new(2), mail.Name));
        Assert.Null(host.Get<DropFolder>().Find(NotificationsHost.Tenant, "../../secret"));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(host.MailFolder()));
    }

    [Fact]
    public async Task The_drop_folder_keeps_the_newest_also_across_a_restart()
    {
        await using var host = await NotificationsHost.StartAsync(("MaxDroppedMails", "3"));
        for (var i = 0; i < 4; i++)
            await host.TellAsync(host.Placed("acc_ada"));
        await host.RestartAsync();
        for (var i = 0; i < 2; i++)
            await host.TellAsync(host.Placed("acc_ada"));

        var newest = (await host.Client.InboxAsync("acc_ada")).Take(3).Select(each => each.Id.ToString());

        Assert.Equal(newest, host.Get<DropFolder>().List(NotificationsHost.Tenant, before: null, limit: 10).Select(mail => mail.Name));
        Assert.Equal(3, host.Mails().Length);
        Assert.Empty(Directory.GetDirectories(host.MailFolder()));
    }

    [Fact]
    public async Task No_mail_is_sent_when_it_is_switched_off()
    {
        await using var host = await NotificationsHost.StartAsync(("Email", "false"));
        await host.TellAsync(host.Placed("acc_ada"));

        Assert.Empty(host.Mails());
        Assert.Single(await host.Client.InboxAsync("acc_ada"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no headers at all")]
    [InlineData("Content-Type: multipart/mixed; boundary=\n\n--\n--\n")]
    [InlineData("Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!\n--x--")]
    [InlineData("Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<b>x</b>\n--x--")]
    public void Anything_in_the_drop_folder_can_be_looked_at(string file) => Assert.Equal("", DroppedMail.Parse("name", file).Text);

    [Fact]
    public async Task Smtp_gets_each_mail_once_under_the_message_id_of_its_notification()
    {
        using var server = new SmtpListener();
        await using var host = await NotificationsHost.StartAsync(
            ("SmtpHost", "127.0.0.1"), ("SmtpPort", $"{server.Port}"), ("SmtpTls", "false"), ("From", "Shop <shop@shop.example>"));
        host.Faults.Throw("job:notifications:notifications.send-mail.v1:after", times: 1);

        await host.TellAsync(host.Placed("acc_ada"));
        await host.AdvanceAsync(TimeSpan.FromMinutes(5));

        var id = (await host.Client.InboxAsync("acc_ada")).Single().Id;
        var messages = server.Messages.ToList();
        Assert.Single(messages);
        Assert.All(messages, message =>
        {
            Assert.Contains("RCPT TO:<ada@example.com>", message);
            Assert.Contains($"Message-ID: <{id}@shop.example>", message, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("Subject: Order placed: ord_", message);
        });
        Assert.Empty(host.Mails());
    }

    [Fact]
    public async Task A_server_that_refuses_is_asked_again()
    {
        using var server = new SmtpListener { Refusals = 2 };
        await using var host = await NotificationsHost.StartAsync(
            ("SmtpHost", "127.0.0.1"), ("SmtpPort", $"{server.Port}"), ("SmtpTls", "false"));

        await host.TellAsync(host.Placed("acc_ada"));
        Assert.Empty(server.Messages);
        // Less than the time that the server has for an answer, which would otherwise end a try under way.
        for (var i = 0; i < 3; i++)
            await host.AdvanceAsync(TimeSpan.FromSeconds(1));

        Assert.Single(server.Messages);
    }

    [Fact]
    public async Task A_server_that_hangs_gets_as_many_connections_as_it_may_and_then_is_left_alone()
    {
        using var server = new SmtpListener { IsSilent = true };
        await using var host = await NotificationsHost.StartAsync(
            ("SmtpHost", "127.0.0.1"), ("SmtpPort", $"{server.Port}"), ("SmtpTls", "false"), ("SmtpConnections", "2"));
        for (var i = 0; i < 8; i++)
            await host.StoreOf("shop").PublishAsync(ShardKey.First, NotificationsHost.Tenant, host.Placed($"acc_{i}"));
        await Eventually.TrueAsync(() => ServerOf(host) is { InFlight: 2, Waiting: 6 });
        await Eventually.TrueAsync(() => server.Connections == 2);
        Assert.Single(await host.Client.InboxAsync("acc_7"));

        // Each of those that waited gets its turn, in vain, until nobody asks any more.
        await Eventually.TrueAsync(() =>
        {
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            return ServerOf(host).State == DependencyState.Open;
        });
    }

    [Fact]
    public async Task A_mailbox_that_does_not_exist_says_nothing_against_the_server()
    {
        using var server = new SmtpListener { KnowsNobody = true };
        await using var host = await NotificationsHost.StartAsync(
            ("SmtpHost", "127.0.0.1"), ("SmtpPort", $"{server.Port}"), ("SmtpTls", "false"));
        for (var i = 0; i < 8; i++)
            await host.TellAsync(host.Placed($"acc_{i}"));

        var seen = ServerOf(host);
        Assert.Equal((DependencyState.Ok, 0), (seen.State, seen.LastMinute!.Failures));
        Assert.Equal(8, seen.LastMinute.Calls);
    }

    private static DependencyView ServerOf(TestHost host) => host.Get<Dependencies>().Look().Single(each => each.Name == "notifications/smtp");

    [Fact]
    public async Task A_server_without_tls_gets_nothing_when_tls_is_required()
    {
        using var server = new SmtpListener();
        await using var host = await NotificationsHost.StartAsync(("SmtpHost", "127.0.0.1"), ("SmtpPort", $"{server.Port}"));

        await host.TellAsync(host.Placed("acc_ada"));

        Assert.Empty(server.Messages);
    }

    [Theory]
    [InlineData("From", "nobody")]
    [InlineData("ShopAddress", "ftp://shop.example")]
    [InlineData("SmtpUser", "ada")]
    [InlineData("SmtpPort", "0")]
    [InlineData("MaxDroppedMails", "0")]
    [InlineData("Smpt", "typo")]
    public async Task Settings_that_cannot_work_refuse_the_start(string key, string value) =>
        await Assert.ThrowsAnyAsync<Exception>(() => NotificationsHost.StartAsync((key, value)));

    private static Mail MailOf(NotificationKind kind, string detail) =>
        Mail.Of(new SendMail(new Id<Notification>(1), "ada@example.com", kind, Order, detail, OfShop: true), shop: null);
}
